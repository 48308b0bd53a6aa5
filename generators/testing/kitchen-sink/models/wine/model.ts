import { category, defineModel, features, number, tensor } from 'modelyard'

/** Quality of a wine from two measurements: every engine and every switch is shown with this one model. */
export default defineModel({
  name: 'wine',
  owner: 'cellar',
  inputs: {
    features: features('float32', {
      alcohol: number({ unit: '%', min: 8, max: 15, example: 12.5 }),
      colour: category({ red: 0, white: 1 }),
    }),
  },
  outputs: { quality: tensor('float32', ['batch', 1]) },
  serving: {
    resources: { cpu: '200m', memory: '256Mi', cpuLimit: '500m' },
    replicas: { min: 2, max: 6 },
  },
  slo: { latencyP99: '40ms', availability: 0.99 },
})
