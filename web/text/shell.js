/** Words of the page: English, German. */
export default /** @type {const} */ ({
  "shell.answered": ["The server answered {status} {text}", "Der Server antwortet mit {status} {text}"],
  "shell.failed": ["The viewer failed: {error}", "Im Viewer ist ein Fehler aufgetreten: {error}"],
  "shell.noAnswer": ["The server does not answer. Check the connection and try again.", "Der Server antwortet nicht. Prüfen Sie die Verbindung und versuchen Sie es noch einmal."],
  "shell.noVariable": ["Dataset {dataset} has no variable {variable}; {shown} is shown instead.", "Der Datensatz {dataset} hat keine Variable {variable}; stattdessen wird {shown} gezeigt."],
  "shell.pending": ["Dataset {dataset} is still being opened. Try again in a moment.", "Der Datensatz {dataset} wird noch geöffnet. Versuchen Sie es gleich noch einmal."],
});
