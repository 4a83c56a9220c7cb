# result: "only this"
"only this"
