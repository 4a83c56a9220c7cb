// error: Uncaught: boom

throw 'boom';
