import { AuthType, Infobip } from '@infobip-api/sdk'

const [to, text] = process.argv.slice(2)
const infobip = new Infobip({ baseUrl: 'https://made-up.api.infobip.com', apiKey: 'made-up', authType: AuthType.ApiKey })
const sent = await infobip.channels.sms.send({ messages: [{ from: 'Harbour', destinations: [{ to }], text }] })
if (sent instanceof Error) throw sent
