import { category, defineModel, features, number, tensor } from 'modelyard'

/** The same interface on a GPU. */
export default defineModel({
  name: 'vision',
  owner: 'cellar',
  inputs: {
    features: features('float32', {
      alcohol: number({ unit: '%', min: 8, max: 15, example: 12.5 }),
      colour: category({ red: 0, white: 1 }),
    }),
  },
  outputs: { quality: tensor('float32', ['batch', 1]) },
  serving: {
    resources: { cpu: '2', memory: '4Gi', gpu: 1 },
    replicas: { min: 2, max: 6 },
  },
  slo: { latencyP99: '40ms', availability: 0.99 },
})
