import { defineModel, features, metric, number, tensor } from 'modelyard'

const score = (description: string, options: { missing?: boolean } = {}) =>
  number({ description, unit: 'score', min: 1, max: 10, example: 3, ...options })

/** Whether a fine-needle biopsy is malignant, from nine scores of a pathologist; called by the laboratory's work list. */
export default defineModel({
  name: 'breast-biopsy',
  owner: 'clinical-ml',
  description: 'Whether a fine-needle biopsy is benign or malignant, with probabilities.',

  inputs: {
    features: features('float32', {
      clump_thickness: score('Thickness of clumps'),
      cell_size_uniformity: score('Uniformity of cell size'),
      cell_shape_uniformity: score('Uniformity of cell shape'),
      marginal_adhesion: score('Marginal adhesion'),
      epithelial_cell_size: score('Size of single epithelial cells'),
      bare_nuclei: score('Bare nuclei; not scored on every slide', { missing: true }),
      bland_chromatin: score('Bland chromatin'),
      normal_nucleoli: score('Normal nucleoli'),
      mitoses: score('Mitoses'),
    }),
  },
  outputs: {
    label: tensor('string', ['batch']),
    probabilities: tensor('float32', ['batch', 2], { labels: ['benign', 'malignant'] }),
  },

  serving: { resources: { cpu: '100m', memory: '192Mi' }, replicas: { min: 2, max: 4 }, strict: true },
  slo: { latencyP99: '25ms', availability: 0.9995 },

  evaluation: { truth: 'class', positive: 'malignant' },
  gates: {
    validation: [metric('auc').atLeast(0.95), metric('brier').atMost(0.06)],
    promotion: [metric('log_loss').noWorseThanChampion({ tolerance: '5%' })],
  },
})
