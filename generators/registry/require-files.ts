import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readModel, unsupportedBy } from 'modelyard-serving/session'
import { Failure } from '../findings/index.ts'
import type { Registration } from './register.ts'

/**
 * Names every file that is not there at once: the model, the data that its graph keeps in other files, and what the training wrote.
 * @throws Failure when there are several; of a single one whoever reads it says more
 */
export async function requireFiles({ onnx, metrics, lineage, samples, baseline }: Registration): Promise<void> {
  const training = { '--metrics': metrics, '--lineage': lineage, '--samples': samples, '--baseline': baseline }
  const model = existsSync(onnx) ? [] : [onnx]
  const external = (await externalData(onnx)).filter((file) => !existsSync(file))
  const trained = Object.entries(training).flatMap(([option, file]) =>
    file === undefined || existsSync(file) ? [] : [{ option, file }],
  )
  const absent = [...model, ...external, ...trained.map(({ file }) => file)]
  if (absent.length < 2) return
  const options = listOf(trained.map(({ option }) => option))
  const fixes = [
    ...(model.length > 0 ? ['Check the path of the model.'] : []),
    ...(external.length > 0 ? ['Put the external data of the graph beside it.'] : []),
    ...(trained.length > 0
      ? [`Name what the training wrote with ${options}; docs/registering.md says what it holds.`]
      : []),
  ]
  throw new Failure(`${listOf(absent)} do not exist`, { fix: fixes.join(' ') })
}

/** Files beside the model that its graph names; none where it cannot be read or names files outside its folder, which is refused next. */
async function externalData(onnx: string): Promise<string[]> {
  const facts = await readModel(onnx).catch(() => undefined)
  if (facts === undefined || unsupportedBy(facts).length > 0) return []
  return facts.externalData.map((name) => join(dirname(onnx), name))
}

function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
