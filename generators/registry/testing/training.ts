import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadRepository } from '../../repository/index.ts'
import { type ExampleRepository, withExample } from '../../testing/example-repository.ts'
import { planRegistration, type Registration, type RegistrationPlan, writeRegistration } from '../register.ts'

/** What a training leaves in a folder of its own, outside the repository. */
export interface Training {
  example: ExampleRepository
  folder: string
  request: Registration
  /** Changes a JSON file of the training. */
  change(file: string, edit: (value: Json) => void): void
  plan(): Promise<RegistrationPlan>
  /** Decides and writes. */
  register(): Promise<RegistrationPlan>
}

// biome-ignore lint/suspicious/noExplicitAny: a test damages whatever it likes
type Json = any

/** The real files of house-price 1.1.0, to be registered as 2.0.0. */
export async function withTraining(work: (training: Training) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'modelyard-training-'))
  try {
    await withExample(async (example) => {
      cpSync(join(example.root, 'models/house-price/artifacts/1.1.0'), folder, { recursive: true })
      const { models } = await loadRepository(example.root)
      const registered = models.get('house-price')?.versions.get('1.1.0')?.value
      const path = (name: string) => join(folder, name)
      const writeJson = (name: string, value: unknown) => writeFileSync(path(name), JSON.stringify(value))
      writeJson('metrics.json', registered?.evaluation)
      writeJson('lineage.json', registered?.lineage)
      const request: Registration = {
        model: 'house-price',
        version: '2.0.0',
        onnx: path('model.onnx'),
        metrics: path('metrics.json'),
        samples: path('samples.json'),
        baseline: path('baseline.json'),
        lineage: path('lineage.json'),
      }
      const plan = async () => planRegistration(await loadRepository(example.root), request)
      const register = async () => {
        const decided = await plan()
        await writeRegistration(await loadRepository(example.root), decided)
        return decided
      }
      const change = (file: string, edit: (value: Json) => void) => {
        const value = JSON.parse(readFileSync(path(file), 'utf8'))
        edit(value)
        writeJson(file, value)
      }
      await work({ example, folder, request, change, plan, register })
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
