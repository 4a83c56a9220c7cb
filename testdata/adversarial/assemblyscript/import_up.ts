// attack: a path upwards
// expect: error
// says: not found

export * from "../../../../../../../etc/passwd";
