import { start } from "./angular"; // first: it brings the compiler
import { Component } from "@angular/core";
import { FormControl, FormGroup, ReactiveFormsModule } from "@angular/forms";
import { NgxIntlTelInputModule } from "ngx-intl-tel-input";
import { country, record } from "./app";

@Component({
  selector: "app-root",
  imports: [ReactiveFormsModule, NgxIntlTelInputModule],
  template: `<form [formGroup]="form">
    <ngx-intl-tel-input
      [enableAutoCountrySelect]="true"
      [enablePlaceholder]="true"
      [selectFirstCountry]="false"
      [selectedCountryISO]="country"
      [phoneValidation]="true"
      [separateDialCode]="false"
      name="phone"
      formControlName="phone"
    />
  </form>`,
})
class Page {
  country = country.toLowerCase() as never;
  form = new FormGroup({ phone: new FormControl<{ e164Number?: string } | null>(null) });

  constructor() {
    this.form.controls.phone.valueChanges.subscribe((value) => record("state", value?.e164Number ?? ""));
  }
}

start(Page);
