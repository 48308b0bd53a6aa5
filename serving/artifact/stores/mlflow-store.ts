import { addressInvalid } from '../artifact-error.ts'
import { basic } from './authorization.ts'
import type { HttpClient, HttpRequest } from './http-client.ts'
import { contentOf, requestContent, requireStored, sendContent } from './http-content.ts'
import { shownAddress } from './shown-address.ts'
import type { Environment, Store } from './store.ts'

/**
 * `mlflow-artifacts:/<path>`: through the artifact proxy of the MLflow server at `MLFLOW_TRACKING_URI`
 * (`GET` and `PUT /api/2.0/mlflow-artifacts/artifacts/<path>`), with `MLFLOW_TRACKING_TOKEN` or `MLFLOW_TRACKING_USERNAME` and
 * `MLFLOW_TRACKING_PASSWORD`.
 */
export function createMlflowStore(env: Environment, http: HttpClient): Store {
  function requestFor(address: URL): HttpRequest {
    const server = serverOf(env, address)
    const url = new URL(
      `${server.pathname.replace(/\/+$/, '')}/api/2.0/mlflow-artifacts/artifacts${address.pathname}`,
      server,
    )
    const authorization = authorizationOf(env)
    const authorize = async (): Promise<Record<string, string>> =>
      authorization === undefined ? {} : { authorization }
    return { url, shown: shownAddress(address), authorize }
  }

  return {
    async open(address, from) {
      const request = requestFor(address)
      return contentOf(request.shown, await requestContent(http, request, from))
    },
    async put(address, file) {
      const request = requestFor(address)
      await requireStored(request.shown, await sendContent(http, request, file))
    },
  }
}

function serverOf({ MLFLOW_TRACKING_URI: tracking = '' }: Environment, address: URL): URL {
  const shown = shownAddress(address)
  const server = URL.canParse(tracking) ? new URL(tracking) : undefined
  if (server?.protocol !== 'http:' && server?.protocol !== 'https:') {
    throw addressInvalid(shown, 'no MLflow server is known', 'set MLFLOW_TRACKING_URI to its address, https://...')
  }
  // The credentials are for the tracking server; an address must not send them elsewhere.
  if (address.host !== '' && address.host !== server.host) {
    throw addressInvalid(
      shown,
      `it names another server than MLFLOW_TRACKING_URI, ${server.host}`,
      'leave the host out',
    )
  }
  if (server.username !== '' || server.password !== '') {
    const repair = 'take them out, and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD'
    throw addressInvalid(shown, 'MLFLOW_TRACKING_URI holds credentials', repair)
  }
  return server
}

function authorizationOf(env: Environment): string | undefined {
  // MLflow's own client prefers the user name and password, too.
  const { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password, MLFLOW_TRACKING_TOKEN: token } = env
  if (user && password) return basic(user, password)
  return token ? `Bearer ${token}` : undefined
}
