package admin

import (
	"html"
	"strings"

	"vistka/internal/hotline"
	"vistka/internal/locale"
)

// The snippets work without a script and set no cookie; what is wrong with an
// entry is said on our own page. Every value is ours and escaped.

func callbackSnippet(l *locale.Locale, baseURL string) string {
	return formSnippet(l, baseURL, hotline.Callback,
		labelled(l, hotline.Callback, "name", `<input name="name" autocomplete="name">`)+
			labelled(l, hotline.Callback, "phone", `<input type="tel" name="phone" autocomplete="tel" required>`)+
			labelled(l, hotline.Callback, "best_time", `<input name="best_time">`))
}

func complaintSnippet(l *locale.Locale, baseURL string) string {
	return formSnippet(l, baseURL, hotline.Complaint,
		labelled(l, hotline.Complaint, "subject", `<input name="subject" autocomplete="off" required>`)+
			labelled(l, hotline.Complaint, "text", `<textarea name="text" rows="6" autocomplete="off" required></textarea>`)+
			labelled(l, hotline.Complaint, "contact", `<input name="contact" autocomplete="off">`))
}

// frameSnippet is our own page in a frame, without a referrer: the hotline is
// not told which article it stands under. The script fits its height.
func frameSnippet(l *locale.Locale, baseURL, script, integrity string) string {
	return strings.NewReplacer(
		"{url}", html.EscapeString(baseURL), "{lang}", l.Code(), "{title}", html.EscapeString(l.T("hotline.callback.title")),
		"{script}", html.EscapeString(script), "{integrity}", html.EscapeString(integrity),
	).Replace(`<vistka-signup>
  <iframe src="{url}/embed/hotline?lang={lang}" title="{title}" width="100%" height="1100" frameborder="0" loading="lazy" referrerpolicy="no-referrer"></iframe>
</vistka-signup>
<script type="module" src="{url}{script}" integrity="{integrity}" crossorigin="anonymous"></script>
`)
}

func labelled(l *locale.Locale, kind hotline.Kind, field, input string) string {
	return "  <p><label>" + html.EscapeString(l.T("hotline."+string(kind)+"."+field)) + " " + input + "</label></p>\n"
}

func formSnippet(l *locale.Locale, baseURL string, kind hotline.Kind, fields string) string {
	key := "hotline." + string(kind) + "."
	return strings.NewReplacer(
		"{url}", html.EscapeString(baseURL+"/hotline/"+string(kind)), "{lang}", l.Code(), "{title}", html.EscapeString(l.T(key+"title")),
		"{known}", html.EscapeString(l.T("hotline.known_title")), "{more}", html.EscapeString(l.T("hotline.known_more")), "{button}", html.EscapeString(l.T(key+"button")), "{fields}", fields,
		"{trap}", html.EscapeString(l.T("signup.trap")),
	).Replace(`<form method="post" action="{url}">
  <h2>{title}</h2>
  <input type="hidden" name="lang" value="{lang}">
{fields}  <p>{known} <a href="{url}?lang={lang}">{more}</a></p>
  <div hidden><label>{trap} <input name="website" tabindex="-1" autocomplete="off"></label></div>
  <button>{button}</button>
</form>
`)
}
