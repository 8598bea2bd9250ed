import { CodePage, start } from "./angular"; // first: it brings the compiler
import { Component } from "@angular/core";
import { NgOtpInputComponent } from "ng-otp-input";
import { length, letters } from "./app";

@Component({
  selector: "app-root",
  imports: [NgOtpInputComponent],
  template: `@if (shown) { <ng-otp-input (onInputChange)="changeAndComplete($event)" [config]="config" /> }`,
})
class Page extends CodePage {
  config = { length, allowNumbersOnly: !letters };
}

start(Page);
