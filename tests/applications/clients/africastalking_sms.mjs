import africastalking from 'africastalking'

const [to, message] = process.argv.slice(2)
await africastalking({ username: 'harbour', apiKey: 'made-up' }).SMS.send({ to: [to], message })
