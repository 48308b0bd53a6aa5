import { fastify } from 'fastify'

/** The least that a Fastify server can do with a request: its JSON body is parsed and sent back. `echo-server.ts <port>` */
const app = fastify()
app.get('/ready', () => ({ ready: true }))
app.post('/predict', (request, reply) => reply.send(request.body))
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
