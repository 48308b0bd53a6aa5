import { k8s } from 'cdk8s-plus-28'
import type { Construct } from 'constructs'
import type { Ingress } from '../../definitions/index.ts'
import { hostOf, pathsOf, SERVICE_PORT } from './addresses.ts'

/** The way from an Ingress controller to a model's Service, with TLS. */
export function modelIngress(
  scope: Construct,
  model: string,
  { className, host, secret, issuer }: Ingress,
  labels: Record<string, string>,
): void {
  const name = hostOf(model, host)
  new k8s.KubeIngress(scope, 'ingress', {
    metadata: {
      name: model,
      labels,
      ...(issuer !== undefined && { annotations: { 'cert-manager.io/cluster-issuer': issuer } }),
    },
    spec: {
      ingressClassName: className,
      tls: [{ hosts: [name], secretName: secret }],
      rules: [
        {
          host: name,
          http: {
            paths: pathsOf(model, host).map(({ type, path }) => ({
              path,
              pathType: type === 'prefix' ? 'Prefix' : 'Exact',
              backend: { service: { name: model, port: { number: SERVICE_PORT } } },
            })),
          },
        },
      ],
    },
  })
}
