import { SinchClient, SmsRegion } from '@sinch/sdk-core'

const [to, text] = process.argv.slice(2)
const client = new SinchClient({ servicePlanId: 'made-up', apiToken: 'made-up', smsRegion: SmsRegion.UNITED_STATES })
await client.sms.batches.sendTextMessage({ sendSMSRequestBody: { to: [to], from: '+12015550100', body: text } })
