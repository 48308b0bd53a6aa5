import { category, defineModel, features, metric, number, tensor } from 'modelyard'

/** Disease progression one year on, from ten baseline measurements; called by the clinic's dashboard. */
export default defineModel({
  name: 'diabetes-progression',
  owner: 'clinical-ml',
  description: 'Disease progression one year on, from ten baseline measurements.',

  inputs: {
    features: features('float32', {
      age: number({ unit: 'years', min: 18, max: 110, example: 59 }),
      sex: category({ female: 1, male: 2 }),
      bmi: number({ description: 'Body mass index', unit: 'kg/m2', min: 10, max: 80, example: 26.1 }),
      bp: number({ description: 'Mean arterial pressure', unit: 'mmHg', min: 40, max: 200, example: 94 }),
      s1: number({ description: 'Total serum cholesterol', unit: 'mg/dl', min: 50, max: 500, example: 189 }),
      s2: number({ description: 'Low-density lipoproteins', unit: 'mg/dl', min: 10, max: 400, example: 115 }),
      s3: number({ description: 'High-density lipoproteins', unit: 'mg/dl', min: 5, max: 200, example: 50 }),
      s4: number({ description: 'Total cholesterol / HDL', min: 1, max: 20, example: 4 }),
      s5: number({ description: 'Logarithm of serum triglycerides', min: 1, max: 10, example: 4.6 }),
      s6: number({ description: 'Blood sugar', unit: 'mg/dl', min: 30, max: 400, example: 91 }),
    }),
  },
  outputs: {
    progression: tensor('float32', ['batch', 1], { description: 'Quantitative measure, 25 to 346 in the study' }),
  },

  serving: {
    resources: { cpu: '250m', memory: '256Mi' },
    replicas: { min: 2, max: 10 },
    batching: { maxSize: 64 },
  },
  slo: { latencyP99: '25ms', availability: 0.999 },

  evaluation: { truth: 'target' },
  gates: {
    validation: [metric('r2').atLeast(0.4)],
    promotion: [metric('mae').noWorseThanChampion({ tolerance: '2%' })],
  },
})
