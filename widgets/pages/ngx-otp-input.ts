import { CodePage, start } from "./angular"; // first: it brings the compiler
import { Component } from "@angular/core";
import { NgxOtpInputComponent } from "ngx-otp-input";
import { length, letters } from "./app";

@Component({
  selector: "app-root",
  imports: [NgxOtpInputComponent],
  template: `@if (shown) {
    <ngx-otp-input [options]="options" (otpChange)="change($event.join(''))" (otpComplete)="complete($event)" />
  }`,
})
class Page extends CodePage {
  options = { otpLength: length, regexp: letters ? /^[a-zA-Z0-9]+$/ : /^[0-9]+$/ };
}

start(Page);
