package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// docs holds what the Go source says of a type ("Hello") or a field ("Hello.Client").
type docs map[string]string

func readDocs(path string) (docs, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	found := docs{}
	for _, declared := range file.Decls {
		group, ok := declared.(*ast.GenDecl)
		if !ok || group.Tok != token.TYPE {
			continue
		}
		for _, spec := range group.Specs {
			found.addType(spec.(*ast.TypeSpec))
		}
	}
	return found, nil
}

func (d docs) addType(spec *ast.TypeSpec) {
	d.add(spec.Name.Name, spec.Doc)
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range fields.Fields.List {
		for _, name := range field.Names {
			d.add(spec.Name.Name+"."+name.Name, field.Doc, field.Comment)
		}
	}
}

func (d docs) add(key string, groups ...*ast.CommentGroup) {
	for _, group := range groups {
		if text := strings.Join(strings.Fields(group.Text()), " "); text != "" {
			d[key] = text
		}
	}
}
