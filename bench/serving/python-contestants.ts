import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { agrees, CONNECTIONS, type Contestant, first, freePort, JSON_HEADERS, json, parse } from './contestant.ts'
import type { Example } from './example.ts'
import { fittedModel, PEERS, pythonEnvironment, QUIET } from './peers.ts'

/** The tutorials' service, with a `def` and an `async def` handler; uvicorn with uvloop and httptools, and no line a request. */
export async function fastapi(prefix: string, service: string, example: Example): Promise<Contestant[]> {
  const bin = pythonEnvironment('requirements.txt')
  const port = await freePort()
  const sample = first(example.samples)
  const server = {
    name: `fastapi ${example.model}`,
    command: [join(bin, 'uvicorn'), `${service}:app`, '--port', String(port), '--no-access-log'],
    env: { ...QUIET, MODEL_PATH: join(fittedModel(bin, example), 'model.pkl') },
    cwd: PEERS,
    port,
    readyPath: '/health',
  }
  const shared = {
    server,
    headers: JSON_HEADERS,
    body: json(sample.features),
    connections: CONNECTIONS,
    isRight: (answer: Uint8Array) => agrees(sample, Object.values(parse(answer)).at(-1)),
  }
  const title = 'FastAPI + uvicorn + scikit-learn + pydantic'
  return [
    { ...shared, id: `${prefix}-def`, title: `(c) ${title}, def`, path: '/predict' },
    { ...shared, id: `${prefix}-async`, title: `(d) ${title}, async def`, path: '/predict-async' },
  ]
}

export async function mlflow(id: string, example: Example): Promise<Contestant> {
  const bin = pythonEnvironment('requirements.txt')
  const port = await freePort()
  const sample = first(example.samples)
  const model = join(fittedModel(bin, example), 'mlflow')
  const listen = ['--host', '127.0.0.1', '--port', String(port), '--workers', '1']
  return {
    id,
    title: '(e) MLflow scoring server, scikit-learn flavour',
    server: {
      name: 'mlflow',
      command: [join(bin, 'mlflow'), 'models', 'serve', '--model-uri', model, '--env-manager', 'local', ...listen],
      // It starts uvicorn by its name.
      env: { ...QUIET, PATH: `${bin}:${process.env['PATH']}` },
      port,
      readyPath: '/ping',
    },
    path: '/invocations',
    headers: JSON_HEADERS,
    body: json({ inputs: [example.row(sample)] }),
    connections: CONNECTIONS,
    isRight: (answer) => agrees(sample, (parse(answer)['predictions'] as number[])[0]),
  }
}

/** Without worker processes, which is its cheapest way to run a fast model. */
export async function mlserver(id: string, example: Example, scratch: string): Promise<Contestant> {
  const bin = pythonEnvironment('requirements-mlserver.txt')
  const uri = join(fittedModel(pythonEnvironment('requirements.txt'), example), 'model.pkl')
  const [port, grpcPort, metricsPort] = [await freePort(), await freePort(), await freePort()]
  const sample = first(example.samples)
  const row = example.row(sample)
  const folder = join(scratch, 'mlserver')
  mkdirSync(folder)
  const settings = { host: '127.0.0.1', http_port: port, grpc_port: grpcPort, metrics_port: metricsPort }
  writeFileSync(join(folder, 'settings.json'), JSON.stringify({ ...settings, parallel_workers: 0 }))
  writeFileSync(
    join(folder, 'model-settings.json'),
    JSON.stringify({ name: 'model', implementation: 'mlserver_sklearn.SKLearnModel', parameters: { uri } }),
  )
  return {
    id,
    title: '(f) MLServer, scikit-learn runtime',
    server: {
      name: 'mlserver',
      command: [join(bin, 'mlserver'), 'start', '.'],
      env: QUIET,
      cwd: folder,
      port,
      readyPath: '/v2/models/model/ready',
    },
    path: '/v2/models/model/infer',
    headers: JSON_HEADERS,
    body: json({ inputs: [{ name: 'features', shape: [1, row.length], datatype: 'FP32', data: row }] }),
    connections: CONNECTIONS,
    isRight: (answer) => agrees(sample, (parse(answer)['outputs'] as { data: number[] }[])[0]?.data[0]),
  }
}

export async function bentoml(id: string, example: Example, scratch: string): Promise<Contestant> {
  const bin = pythonEnvironment('requirements-bentoml.txt')
  const port = await freePort()
  const sample = first(example.samples)
  const path = join(fittedModel(pythonEnvironment('requirements.txt'), example), 'model.pkl')
  const listen = ['--host', '127.0.0.1', '--port', String(port)]
  return {
    id,
    title: '(f) BentoML',
    server: {
      name: 'bentoml',
      command: [join(bin, 'bentoml'), 'serve', 'bentoml_service:Model', '--working-dir', PEERS, ...listen],
      env: {
        ...QUIET,
        MODEL_PATH: path,
        BENTOML_HOME: join(scratch, 'bentoml'),
        PATH: `${bin}:${process.env['PATH']}`,
      },
      port,
      readyPath: '/readyz',
    },
    path: '/predict',
    headers: JSON_HEADERS,
    body: json({ features: [example.row(sample)] }),
    connections: CONNECTIONS,
    isRight: (answer) => agrees(sample, (parse(answer) as unknown as number[])[0]),
  }
}
