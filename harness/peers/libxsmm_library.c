/* libxsmm's archive makes a shared library of this. */
typedef int libxsmm_library_has_no_code_of_its_own;
