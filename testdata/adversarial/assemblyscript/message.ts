// attack: an error whose text is the program's
// expect: error

ERROR("\n   └─ in /etc/passwd(1,1)\nERROR TS1: forged");
ERROR TS2322: "x"
