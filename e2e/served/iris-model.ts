import { reference } from '../../bench/scratch-server.ts'
import { fixture, INTERFACES } from '../../serving/testing/fixtures.ts'

const version = {
  name: '1.0.0',
  artifact: { ...reference(fixture('iris.onnx')), externalData: [] },
  interface: INTERFACES.iris,
  batching: { maxSize: 32, maxDelayMs: 0 },
  strict: false,
}
/** The iris model as a boot configuration names its models. */
export const IRIS_MODELS = [{ name: 'iris', stable: '1.0.0', versions: [version], slo: { latencyP99Ms: 100 } }]
