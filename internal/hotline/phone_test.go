package hotline

import "testing"

func TestPhones(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]struct{ tidy, dial, wrong string }{
		"044 123 45 67":               {"044 123 45 67", "0441234567", ""},
		"+38 (044) 123-45-67":         {"+38 (044) 123-45-67", "+380441234567", ""},
		"+1.202.555.0100":             {"+1.202.555.0100", "+12025550100", ""},
		"12345":                       {"12345", "12345", ""},
		"+380 44 123 45 67 ext 5":     {"+380 44 123 45 67 ext 5", "+380441234567", ""},
		"+380 44 123 45 67, ext. 512": {"+380 44 123 45 67, ext. 512", "+380441234567", ""},
		"+380 44 123 45 67, дод. 12":  {"+380 44 123 45 67, дод. 12", "+380441234567", ""},
		"(044) 123-45-67 (дод.12)":    {"(044) 123-45-67 (дод.12)", "0441234567", ""},
		"+380441234567#12":            {"+380441234567#12", "+380441234567", ""},
		"044 123 45 67 вн. 7":         {"044 123 45 67 вн. 7", "0441234567", ""},
		"044 123 45 67 Додатковий 7":  {"044 123 45 67 Додатковий 7", "0441234567", ""},
		"0441234567x7":                {"0441234567x7", "0441234567", ""},
		"0441234567 х7":               {"0441234567 х7", "0441234567", ""}, // a Cyrillic х
		"tel:+380441234567":           {"+380441234567", "+380441234567", ""},
		"tel:+380441234567;ext=5":     {"+380441234567;ext=5", "+380441234567", ""},
		"Тел.: 044 123 45 67":         {"044 123 45 67", "0441234567", ""},
		"\uff0b３８０\u3000４４\u00a0１２３ ４５ ６７": {"+380 44 123 45 67", "+380441234567", ""},
		"\u202a+380 44 123 45 67\u202c":    {"+380 44 123 45 67", "+380441234567", ""},
		"044\u2212123\u201445\u201367":     {"044\u2212123\u201445\u201367", "0441234567", ""},

		"+380 44 123 45 67 (мама)":        {"+380 44 123 45 67 (мама)", "+380441234567", keyPhoneLetters},
		"call me":                         {"call me", "", keyPhoneLetters},
		"ask Nadia, 044 123 45 67":        {"ask Nadia, 044 123 45 67", "0441234567", keyPhoneLetters},
		"112":                             {"112", "112", keyPhoneShort},
		"1545":                            {"1545", "1545", keyPhoneShort},
		"123 ext 45678":                   {"123 ext 45678", "123", keyPhoneShort},
		"044 123 45 67, 067 123 45 67":    {"044 123 45 67, 067 123 45 67", "04412345670671234567", keyPhoneLong},
		"+380 44 123 45 67 +380671234567": {"+380 44 123 45 67 +380671234567", "+380441234567380671234567", keyPhoneLong},
		"+380 44 123 45 67 ext 123456789": {"+380 44 123 45 67 ext 123456789", "+380441234567123456789", keyPhoneLetters},
		"380+441234567":                   {"380+441234567", "380441234567", keyPhone},
		"=1+1 44 123 45 67":               {"=1+1 44 123 45 67", "11441234567", keyPhone},
		"<044 123 45 67>":                 {"<044 123 45 67>", "0441234567", keyPhone},
		"tel:":                            {"", "", keyPhoneShort},
	} {
		tidy := tidyPhone(typed)
		if tidy != want.tidy || Dial(tidy) != want.dial || wrongPhone(tidy, minDigits) != want.wrong {
			t.Errorf("%q: %q, to dial %q, wrong %q", typed, tidy, Dial(tidy), wrongPhone(tidy, minDigits))
		}
	}
}

// The desk may have a number that only its country knows; a reader's own is called
// from anywhere.
func TestTheDesksNumberMayBeShort(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	for _, phone := range []string{"112", "1545", "0 800 000 000", "+380 44 000 00 00 дод. 5"} {
		f.save(Settings{Open: true, Phone: phone, KeepDays: 90})
		if got, err := f.Settings(t.Context()); err != nil || got.Phone != phone {
			t.Errorf("%s: %q, %v", phone, got.Phone, err)
		}
	}
	for _, phone := range []string{"12", "newsroom", "1234567890123456"} {
		if errs := (Settings{Phone: phone, KeepDays: 90}).tidy().check(); errs["phone"] != keyDeskPhone {
			t.Errorf("%s: %v", phone, errs)
		}
	}
}
