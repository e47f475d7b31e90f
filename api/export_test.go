package api

// Routed lists what the router itself would answer, for the test that compares it with the table.
func (s *Server) Routed() []string {
	var all []string
	for _, r := range s.echo.Routes() {
		all = append(all, r.Method+" "+r.Path)
	}
	return all
}

// Codes are all of them.
var Codes = []Code{
	CodeBadRequest, CodeBusy, CodeConflict, CodeDamaged, CodeDatabaseAway, CodeForbidden, CodeInsecure, CodeInternal, CodeInvalid, CodeLessonEnded,
	CodeLinkInvalid, CodeMethod, CodeNotFound, CodeRemoved, CodeSignedOut, CodeStorageAway, CodeTooLarge, CodeTooManyTries, CodeWrongOrigin, CodeWrongPassword,
}
