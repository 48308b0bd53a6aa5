import { category, columns, defineModel, integer, metric, number, tensor } from 'modelyard'

const answer = (description: string) => category(['no', 'yes'], { description })

/** Sale price of a house in Windsor, Ontario; called by the valuation form. Each column is a tensor, preprocessing is in the graph. */
export default defineModel({
  name: 'house-price',
  owner: 'valuation',
  description: 'Sale price of a house, from its size, rooms and fittings.',

  inputs: columns({
    lotsize: number({ unit: 'square feet', min: 500, max: 50_000, example: 4000 }),
    bedrooms: integer({ min: 1, max: 10, example: 3 }),
    bathrms: integer({ description: 'Full bathrooms', min: 1, max: 6, example: 1 }),
    stories: integer({ description: 'Storeys without the basement', min: 1, max: 5, example: 2 }),
    driveway: answer('Has a driveway'),
    recroom: answer('Has a recreational room'),
    fullbase: answer('Has a full, finished basement'),
    gashw: answer('Heats water with gas'),
    airco: answer('Has central air conditioning'),
    garagepl: integer({ description: 'Garage places', min: 0, max: 6, example: 1 }),
    prefarea: answer('In a preferred neighbourhood'),
  }),
  outputs: { price: tensor('float32', ['batch', 1], { unit: 'CAD of 1987' }) },

  serving: { resources: { cpu: '250m', memory: '256Mi' }, replicas: { min: 2, max: 6 } },
  slo: { latencyP99: '50ms', availability: 0.999 },

  evaluation: { truth: 'price' },
  gates: {
    validation: [metric('r2').atLeast(0.6), metric('mape').atMost(0.2)],
    promotion: [metric('mae').noWorseThanChampion({ tolerance: '1%' })],
  },
})
