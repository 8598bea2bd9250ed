import { createInterface } from 'node:readline/promises'
import twilio from 'twilio'

const [to] = process.argv.slice(2)
const service = twilio('AC' + '0'.repeat(32), 'made-up').verify.v2.services('VA' + '0'.repeat(32))
await service.verifications.create({ to, channel: 'sms' })
const code = await createInterface({ input: process.stdin }).question('')
console.log((await service.verificationChecks.create({ to, code })).status)
process.exit()
