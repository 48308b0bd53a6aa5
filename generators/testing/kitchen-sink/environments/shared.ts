/** What every environment of this repository has in common. */

export const argocd = { repoURL: 'https://git.example.com/models.git' }

export const servingImage = `registry.example.com/serving@sha256:${'a'.repeat(64)}`

export const cluster = { name: 'kitchen-sink', server: 'https://kubernetes.default.svc' }

/** Prometheus as KEDA and Argo Rollouts reach it. */
export const prometheus = 'http://prometheus.monitoring:9090'
