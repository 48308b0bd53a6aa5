import type { ObjectRule } from '../object-rule.ts'
import { API_RULES } from './api-policy.ts'
import { ARGO_CD_RULES } from './argo-cd-policy.ts'
import { AVAILABILITY_RULES } from './availability-policy.ts'
import { BOUNDS_RULES } from './bounds-policy.ts'
import { CONTAINER_RULES } from './container-policy.ts'
import { CONTAINER_SECURITY_RULES } from './container-security.ts'
import { EXPOSURE_RULES } from './exposure-policy.ts'
import { ORGANISATION_RULES } from './organisation-policy.ts'
import { POD_SECURITY_RULES } from './pod-security.ts'
import { RBAC_RULES } from './rbac-policy.ts'
import { SECRET_RULES } from './secret-policy.ts'
import { WORKLOAD_RULES } from './workload-policy.ts'

/** What the API server accepts and a team should not: insecure, fragile, or known to go wrong. */
export const POLICY_RULES: readonly ObjectRule[] = [
  ...POD_SECURITY_RULES,
  ...CONTAINER_SECURITY_RULES,
  ...CONTAINER_RULES,
  ...WORKLOAD_RULES,
  ...AVAILABILITY_RULES,
  ...BOUNDS_RULES,
  ...EXPOSURE_RULES,
  ...SECRET_RULES,
  ...RBAC_RULES,
  ...ARGO_CD_RULES,
  ...API_RULES,
  ...ORGANISATION_RULES,
]
