import type { ObjectRule } from '../object-rule.ts'
import { APPLICATION_REFERENCES } from './application-references.ts'
import { IDENTITY_RULES } from './object-identity.ts'
import { ROUTING_REFERENCES } from './routing-references.ts'
import { SERVICE_REFERENCES } from './service-references.ts'
import { WORKLOAD_REFERENCES } from './workload-references.ts'

/** What one object says of another must be true, and each name stand once. */
export const REFERENCE_RULES: readonly ObjectRule[] = [
  ...IDENTITY_RULES,
  ...WORKLOAD_REFERENCES,
  ...SERVICE_REFERENCES,
  ...ROUTING_REFERENCES,
  ...APPLICATION_REFERENCES,
]
