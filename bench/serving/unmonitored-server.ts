/**
 * The whole server, its log too, but nothing is counted: what the real one costs more is the cost of metrics and drift.
 * Arguments: address of the compiled server, boot configuration, cache directory, port.
 */
const [main = '', bootPath = '', cacheDirectory = '', port] = process.argv.slice(2)
const { startServer } = (await import(main)) as typeof import('modelyard-serving/main')
const nothing = () => {}
const statistics = { count: 0, seconds: 0 }
const version = {
  statistics: {
    success: statistics,
    failure: statistics,
    queue: statistics,
    calls: statistics,
    rows: 0,
    lastAnswered: 0,
    byRows: new Map(),
  },
  request: nothing,
  queued: nothing,
  called: nothing,
  entered: nothing,
  left: nothing,
  rejected: nothing,
  watchQueue: () => nothing,
  threadRestarted: nothing,
  anomaly: nothing,
  shadowCompared: nothing,
  shadowSkipped: nothing,
  fellBack: nothing,
}
await startServer({
  bootPath,
  cacheDirectory,
  port: Number(port),
  logger: true,
  monitoring: {
    version: () => version,
    drift: {
      version: () => ({ overBudget: [], uncountable: [], observe: nothing, retire: nothing }),
      text: () => '',
    },
    predictionLog: { events: nothing, retried: nothing, truncated: nothing, watchBuffer: nothing },
    unauthenticated: nothing,
    setWanted: nothing,
    setLoaded: nothing,
    contentType: 'text/plain',
    text: async () => '',
  },
})

export {}
