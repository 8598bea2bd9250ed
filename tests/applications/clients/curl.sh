account=AC00000000000000000000000000000000
curl --silent --show-error --fail --output /dev/null --user "$account:made-up" \
    --data-urlencode "To=$1" --data From=Harbour --data-urlencode "Body=$2" \
    "https://api.twilio.com/2010-04-01/Accounts/$account/Messages.json"
