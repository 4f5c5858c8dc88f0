// What a good engineer writes straight from the manuals of Fastify and BullMQ: the form is parsed, the sign is
// checked in constant time, BullMQ takes the payload. No request log, one connection to Redis, nothing slowed.
'use strict'

const { createHash, timingSafeEqual } = require('node:crypto')
const fastify = require('fastify')
const { Queue } = require('bullmq')

const secret = process.env.BENCH_API_SECRET
const redis = new URL(process.env.BENCH_REDIS_URL)
const queue = new Queue('callbacks', { connection: { host: redis.hostname, port: Number(redis.port) } })

const app = fastify({ logger: false, bodyLimit: 1024 * 1024 })
app.register(require('@fastify/formbody'))

function isGenuine (data, sign) {
  const expected = Buffer.from(createHash('sha1').update(secret).update(data).digest('hex'))
  const given = Buffer.from(sign)
  return given.length === expected.length && timingSafeEqual(given, expected)
}

app.post('/callbacks/:app/notify', async (request, reply) => {
  const { data, sign } = request.body
  if (typeof data !== 'string' || typeof sign !== 'string' || !isGenuine(data, sign)) {
    return reply.code(401).send({ detail: 'bad signature' })
  }
  await queue.add('callback', { app: request.params.app, data })
  return { status: 'accepted' }
})

app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) })
