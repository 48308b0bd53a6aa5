export { planRegistration, type Registration, type RegistrationPlan, writeRegistration } from './register.ts'
