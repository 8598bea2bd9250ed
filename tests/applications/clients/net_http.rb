require 'net/http'

to, text = ARGV
account = "AC#{'0' * 32}"
uri = URI("https://api.twilio.com/2010-04-01/Accounts/#{account}/Messages.json")
request = Net::HTTP::Post.new(uri)
request.basic_auth(account, 'made-up')
request.set_form_data('To' => to, 'From' => 'Harbour', 'Body' => text)
response = Net::HTTP.start(uri.host, uri.port, use_ssl: true) { |http| http.request(request) }
abort response.body unless response.is_a?(Net::HTTPCreated)
