import { category, defineModel, features, number, tensor } from 'modelyard'

/** What goes with a wine: the model of another team. */
export default defineModel({
  name: 'pairing',
  owner: 'kitchen',
  inputs: {
    features: features('float32', {
      alcohol: number({ unit: '%', min: 8, max: 15, example: 12.5 }),
      colour: category({ red: 0, white: 1 }),
    }),
  },
  outputs: { quality: tensor('float32', ['batch', 1]) },
  serving: {
    resources: { cpu: '200m', memory: '256Mi' },
    replicas: { min: 2, max: 4 },
  },
  slo: { latencyP99: '40ms', availability: 0.99 },
})
