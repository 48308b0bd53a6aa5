export { readEvidence, readGraph } from './graph.ts'
export { type LocalPod, prepareLocalPod } from './local-pod.ts'
export { planRegistration, type Registration, type RegistrationPlan, writeRegistration } from './register.ts'
