import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline/promises'
import { Vonage } from '@vonage/server-sdk'

const [to] = process.argv.slice(2)
const pem = { type: 'pkcs8', format: 'pem' }
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: pem, publicKeyEncoding: { type: 'spki', format: 'pem' } })
const vonage = new Vonage({ applicationId: randomUUID(), privateKey })
const { requestId } = await vonage.verify2.newRequest({ brand: 'Harbour', workflow: [{ channel: 'sms', to: to.slice(1) }] })
const code = await createInterface({ input: process.stdin }).question('')
console.log(await vonage.verify2.checkCode(requestId, code))
process.exit()
