import AWS from 'aws-sdk'

const [to, text] = process.argv.slice(2)
const sns = new AWS.SNS({ region: 'eu-west-1', accessKeyId: 'made-up', secretAccessKey: 'made-up' })
await sns.publish({ PhoneNumber: to, Message: text }).promise()
