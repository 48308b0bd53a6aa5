import { itemsAt, located, mapAt, textAt } from '../fields.ts'
import type { ObjectRule, Problem } from '../object-rule.ts'

const GATEWAY = 'Gateway.gateway.networking.k8s.io'
const ENCRYPTED = new Set(['HTTPS', 'TLS'])

/** What is open to whom: Services, Ingresses, Gateways, routes. */
export const EXPOSURE_RULES: readonly ObjectRule[] = [
  {
    rule: 'service-node-port',
    severity: 'warning',
    on: 'object',
    kinds: ['Service'],
    check({ spec }) {
      if (spec['type'] !== 'NodePort') return
      return { path: ['spec', 'type'], message: 'every node opens a port for it, past Gateway and Ingress' }
    },
  },
  {
    rule: 'service-load-balancer',
    severity: 'info',
    on: 'object',
    kinds: ['Service'],
    check({ spec }) {
      if (spec['type'] !== 'LoadBalancer' || spec['loadBalancerSourceRanges'] !== undefined) return
      return { path: ['spec', 'type'], message: 'a load balancer of its own, open to every address' }
    },
  },
  {
    rule: 'service-external-name',
    severity: 'warning',
    on: 'object',
    kinds: ['Service'],
    check({ spec }) {
      if (spec['type'] !== 'ExternalName') return
      return {
        path: ['spec', 'externalName'],
        message: `requests leave the cluster for ${textAt(spec, 'externalName') ?? 'nowhere'}`,
      }
    },
  },
  {
    rule: 'service-external-ips',
    severity: 'error',
    on: 'object',
    kinds: ['Service'],
    check({ spec }) {
      const { externalIPs } = spec
      if (!Array.isArray(externalIPs) || externalIPs.length === 0) return
      return {
        path: ['spec', 'externalIPs'],
        message: 'takes the traffic of any address that it names (CVE-2020-8554)',
      }
    },
  },
  {
    rule: 'service-port-name',
    severity: 'error',
    on: 'object',
    kinds: ['Service'],
    check({ spec }) {
      const ports = located(spec, ['spec'], 'ports')
      if (ports.length < 2) return
      return ports
        .filter(({ item }) => textAt(item, 'name') === undefined)
        .map(({ item, at }) => ({
          path: [...at, 'port'],
          message: `port ${item['port']} has no name, and there are others`,
        }))
    },
  },
  {
    rule: 'traffic-unencrypted',
    severity: 'warning',
    on: 'object',
    kinds: ['Ingress.networking.k8s.io'],
    check({ spec }) {
      if (itemsAt(spec, 'tls').length > 0) return
      return { path: ['spec', 'tls'], message: 'no TLS: requests and answers can be read on the way' }
    },
  },
  {
    rule: 'traffic-unencrypted',
    severity: 'warning',
    on: 'object',
    kinds: [GATEWAY],
    check({ spec }) {
      const listeners = located(spec, ['spec'], 'listeners')
      // Plain HTTP beside HTTPS is there to redirect.
      if (listeners.some(({ item }) => ENCRYPTED.has(String(item['protocol'])))) return
      return listeners
        .filter(({ item }) => item['protocol'] === 'HTTP')
        .map(({ at }) => ({
          path: [...at, 'protocol'],
          message: 'no TLS: requests and answers can be read on the way',
        }))
    },
  },
  {
    rule: 'gateway-open-to-all',
    severity: 'warning',
    on: 'object',
    kinds: [GATEWAY],
    check: ({ spec }) =>
      located(spec, ['spec'], 'listeners')
        .filter(({ item }) => mapAt(mapAt(item, 'allowedRoutes'), 'namespaces')['from'] === 'All')
        .map(({ at }) => ({
          path: [...at, 'allowedRoutes', 'namespaces', 'from'],
          message: 'every namespace may attach a route, and take the traffic of another',
        })),
  },
  {
    rule: 'route-host-missing',
    severity: 'warning',
    on: 'object',
    kinds: ['HTTPRoute.gateway.networking.k8s.io'],
    check({ spec }): Problem | undefined {
      const { hostnames } = spec
      const hosts = Array.isArray(hostnames) ? hostnames : []
      if (hosts.length > 0 && !hosts.includes('*')) return
      return { path: ['spec', 'hostnames'], message: 'takes requests for every host of its Gateway' }
    },
  },
]
