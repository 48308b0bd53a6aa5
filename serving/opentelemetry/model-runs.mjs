import { subscribe } from 'node:diagnostics_channel'
import { addSpan } from './spans.mjs'

/** Spans for the time in a version's queue and for each call of the model; requests that share a call each have one. */
export function recordModelRuns() {
  subscribe('modelyard-serving:model.run', ({ headers, model, version, queued, started, ended, rows }) => {
    const attributes = { 'modelyard.model': model, 'modelyard.version': version }
    if (queued !== undefined) addSpan(headers, `queue ${model}`, { started: queued, ended: started }, attributes)
    addSpan(headers, `run ${model}`, { started, ended }, { ...attributes, 'modelyard.batch_rows': rows })
  })
}
