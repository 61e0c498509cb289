package mailer

import "encoding/base64"

// attachment is a file that goes along with a mail.
type attachment struct {
	name      string // ASCII without quotes
	mediaType string
	content   string
}

const base64Octets = 57 // of a file that make a line of 76 characters (RFC 2045 section 6.8)

// attachment adds a file as a part (RFC 2183). The name stands twice for
// programs that look only where it stood before RFC 2183.
func (a *assembly) attachment(boundary string, f attachment) {
	a.addString("\r\n--" + boundary + "\r\nContent-Type: " + f.mediaType + ";\r\n name=\"" + f.name + "\"\r\n" +
		"Content-Disposition: attachment;\r\n filename=\"" + f.name + "\"\r\nContent-Transfer-Encoding: base64\r\n")
	for rest := []byte(f.content); len(rest) > 0; {
		n := min(base64Octets, len(rest))
		a.addString("\r\n" + base64.StdEncoding.EncodeToString(rest[:n]))
		rest = rest[n:]
	}
}
