package main

import (
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
)

func main() {
	account := "AC" + strings.Repeat("0", 32)
	address := "https://api.twilio.com/2010-04-01/Accounts/" + account + "/Messages.json"
	fields := url.Values{"To": {os.Args[1]}, "From": {"Harbour"}, "Body": {os.Args[2]}}
	request, err := http.NewRequest("POST", address, strings.NewReader(fields.Encode()))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(account, "made-up")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		log.Fatal(response.Status)
	}
}
