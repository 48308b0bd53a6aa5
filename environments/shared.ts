import { https } from 'modelyard'

/** This repository, as the Argo CD of every environment reads it. */
export const argocd = { repoURL: 'https://github.com/example/models.git' }

/** One bucket behind a web server serves every environment: what an artifact is never depends on the place. */
export const artifacts = https('https://models.example.com')

/** Images of other registries run nowhere. */
export const imageRegistries = ['ghcr.io/example']

/** Where the bucket is: pods call nothing else. */
export const network = { to: ['203.0.113.0/24' as const] }
