import { createInterface } from 'node:readline/promises'
import { Vonage } from '@vonage/server-sdk'

const [to] = process.argv.slice(2)
const vonage = new Vonage({ apiKey: 'made-up', apiSecret: 'made-up' })
const { requestId } = await vonage.verify.start({ brand: 'Harbour', number: to.slice(1) })
const code = await createInterface({ input: process.stdin }).question('')
console.log((await vonage.verify.check(requestId, code)).status)
process.exit()
