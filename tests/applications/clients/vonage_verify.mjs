import { createInterface } from 'node:readline/promises'
import { Vonage } from '@vonage/server-sdk'

const [to] = process.argv.slice(2)
const vonage = new Vonage({ apiKey: 'made-up', apiSecret: 'made-up' })
const { requestId } = await vonage.verify2.newRequest({ brand: 'Harbour', workflow: [{ channel: 'sms', to: to.slice(1) }] })
const code = await createInterface({ input: process.stdin }).question('')
console.log(await vonage.verify2.checkCode(requestId, code))
process.exit()
