import { Vonage } from '@vonage/server-sdk'

const [to, text] = process.argv.slice(2)
const vonage = new Vonage({ apiKey: 'made-up', apiSecret: 'made-up' })
await vonage.sms.send({ to: to.slice(1), from: 'Harbour', text })
