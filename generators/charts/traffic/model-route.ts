import { ApiObject } from 'cdk8s'
import type { Construct } from 'constructs'
import type { GatewayRoute } from '../../definitions/index.ts'
import type { PlannedModel } from '../../repository/index.ts'
import { hostOf, pathsOf, SERVICE_PORT } from './addresses.ts'
import { canaryService } from './rollout.ts'

/** Fields that the API server would add are written: Argo CD compares what is there with what Git says. */
const BACKEND = { group: '', kind: 'Service', port: SERVICE_PORT }

/** A candidate takes requests once it is there. */
const AFTER_PODS = { 'argocd.argoproj.io/sync-wave': '1' }

/**
 * The way from a Gateway to a model's Services. Weights, a header and a mirror are what makes a candidate: to widen one changes this
 * object alone.
 */
export function modelRoute(
  scope: Construct,
  { name, candidate, environment }: PlannedModel,
  { gateway, host, listener }: GatewayRoute,
  labels: Record<string, string>,
): void {
  const [gatewayNamespace, gatewayName] = gateway.split('/')
  const matches = pathsOf(name, host).map(({ type, path }) => ({
    path: { type: type === 'prefix' ? 'PathPrefix' : 'Exact', value: path },
  }))
  const stable = { ...BACKEND, name, weight: 1 }
  // Argo Rollouts brings up no pod as long as there is no route to shift.
  const isShifted = environment.traffic?.engine === 'rollouts'
  new ApiObject(scope, 'http-route', {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, labels, ...(!isShifted && { annotations: AFTER_PODS }) },
    spec: {
      parentRefs: [
        {
          group: 'gateway.networking.k8s.io',
          kind: 'Gateway',
          namespace: gatewayNamespace,
          name: gatewayName,
          ...(listener !== undefined && { sectionName: listener }),
        },
      ],
      hostnames: [hostOf(name, host)],
      rules: rules(),
    },
  })

  function rules(): object[] {
    if (isShifted) {
      const canary = { ...BACKEND, name: canaryService(name), weight: 0 }
      return [{ matches, backendRefs: [{ ...stable, weight: 100 }, canary] }]
    }
    if (!candidate) return [{ matches, backendRefs: [stable] }]
    const own = { ...BACKEND, name: `${name}-candidate`, weight: 1 }
    switch (candidate.mode) {
      case 'canary': {
        const [rest, share] = wholeShares(candidate.weight)
        return [
          {
            matches,
            backendRefs: [
              { ...stable, weight: rest },
              { ...own, weight: share },
            ],
          },
        ]
      }
      case 'ab': {
        const headers = [{ type: 'Exact', name: candidate.header, value: candidate.value }]
        const chosen = matches.map((match) => ({ ...match, headers }))
        return [
          { matches: chosen, backendRefs: [own] },
          { matches, backendRefs: [stable] },
        ]
      }
      case 'shadow': {
        const { weight: _, ...backendRef } = own
        const requestMirror = { backendRef, ...mirrored(candidate.weight) }
        return [{ matches, filters: [{ type: 'RequestMirror', requestMirror }], backendRefs: [stable] }]
      }
    }
  }
}

/** 0.25 % is 9975 to 25. */
function wholeShares(weight: number): [number, number] {
  let whole = 100
  while (!Number.isInteger(Number(((weight * whole) / 100).toFixed(6))) && whole < 1_000_000) whole *= 10
  const share = Math.round((weight * whole) / 100)
  return [whole - share, share]
}

function mirrored(weight: number): object {
  if (Number.isInteger(weight)) return { percent: weight }
  const [rest, share] = wholeShares(weight)
  return { fraction: { numerator: share, denominator: rest + share } }
}
